// SPDX-License-Identifier: Apache-2.0

package dsync

// requestItem is R (dsync-mail.h, struct dsync_mail_request): a message that the server lacks. Only the server sends it.
func requestItem() item { return item{'R', []string{"guid", "uid"}} }

// Request names a message by GUID where both sides keep GUIDs, and by UID otherwise.
type Request struct {
	GUID string // "" where it is named by UID
	UID  uint32 // 0 where it is named by GUID
}

func requestOf(r record) (Request, error) {
	uid, err := r.optional("uid")
	if err != nil {
		return Request{}, err
	}
	request := Request{GUID: r.values["guid"], UID: uid}
	if request == (Request{}) {
		return request, &SyntaxError{"a request for a message that does not say for which"}
	}
	return request, nil
}
