// SPDX-License-Identifier: Apache-2.0

package uidl

// DovecotSetting is the pop3_uidl_format with which a Dovecot makes identifiers of the form; "" where it cannot.
func (f Form) DovecotSetting() string {
	return map[Form]string{
		DovecotForm: "%08Xu%08Xv", UWForm: "%08Xv%08Xu", CyrusForm: "%v.%u", CourierForm: "%v-%u", NumberForm: "%u",
	}[f]
}

// CyrusSetting is the uidl_format with which a Cyrus of 3.0 or later makes identifiers of the form (imapd.conf); "" where it cannot.
func (f Form) CyrusSetting() string {
	return map[Form]string{DovecotForm: "dovecot", CyrusForm: "cyrus", CourierForm: "courier", NumberForm: "uidonly"}[f]
}
