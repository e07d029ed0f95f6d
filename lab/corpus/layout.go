// SPDX-License-Identifier: Apache-2.0

package corpus

// role says what kind of mail a mailbox collects.
type role int

const (
	roleIn role = iota
	roleSent
	roleDrafts
	roleTrash
	roleSpam
	roleArchive
)

// boxPlan is one mailbox before its messages are made.
type boxPlan struct {
	path         []string
	role         role
	count        int // at scale 1
	from, to     int // years of INTERNALDATE
	unsubscribed bool
	courier      bool
}

func box(count, from, to int, path ...string) boxPlan {
	return boxPlan{path: path, count: count, from: from, to: to, role: roleArchive}
}

func (b boxPlan) as(r role) boxPlan    { b.role = r; return b }
func (b boxPlan) hidden() boxPlan      { b.unsubscribed = true; return b }
func (b boxPlan) fromCourier() boxPlan { b.courier = true; return b }

// plainBoxes is what the server makes for every account, with this many messages.
func plainBoxes(in, sent int) []boxPlan {
	return []boxPlan{
		box(in, 2012, 2024).as(roleIn),
		box(sent, 2012, 2024, "Sent").as(roleSent),
		box(sent/10, 2023, 2024, "Drafts").as(roleDrafts),
		box(sent/5, 2024, 2024, "Trash").as(roleTrash),
		box(sent/5, 2024, 2024, "Spam").as(roleSpam),
	}
}

func annaBoxes() []boxPlan {
	return append(plainBoxes(170, 120),
		box(40, 2009, 2016, "Sent Items").as(roleSent), // an old client's choice, beside Sent
		box(900, 1998, 2019, "Archive"),
		box(40, 2019, 2019, "Projects", "2019", "Alpha"), // "Projects" and "Projects.2019" cannot be selected
		box(15, 2019, 2020, "Projects", "2019", "Beta & Co"),
		box(0, 2020, 2020, "Empty"),
		box(25, 2003, 2008, "Old newsletters").hidden(),
		box(12, 2021, 2022, "a&b"),
	)
}

func bjornBoxes() []boxPlan {
	return append(plainBoxes(110, 60),
		box(8, 2010, 2012, "Entwürfe alt").as(roleDrafts),
		box(20, 2013, 2018, "Räksmörgås"),
		box(20, 2013, 2018, "Räksmörgås", "Kvitton"), // the parent is a mailbox too
		box(5, 2015, 2016, "Skräp").as(roleSpam).hidden(),
	)
}

func yukiBoxes() []boxPlan {
	return append(plainBoxes(90, 50),
		box(40, 2014, 2023, "受信"),
		box(15, 2016, 2023, "受信", "重要 & 至急"),
	)
}

// seanBoxes have names that are legal here and awkward elsewhere: "/" inside, a blank at either end.
func seanBoxes() []boxPlan {
	return append(plainBoxes(70, 40),
		box(20, 2017, 2019, "Invoices/2019"),
		box(15, 2014, 2020, "Customers "),
		box(6, 2014, 2020, " Later"),
	)
}

// mariaBoxes have wildcards, quotes and brackets in their names, and two that differ only in case.
func mariaBoxes() []boxPlan {
	return append(plainBoxes(80, 40),
		box(10, 2015, 2018, "Notes"),
		box(5, 2015, 2018, "notes").hidden(),
		box(5, 2018, 2020, `100% "hecho" (*)`),
		box(5, 2018, 2020, "{5}", "[borrador]"),
	)
}

func eleniBoxes() []boxPlan {
	return append(plainBoxes(90, 50), box(30, 2011, 2020, "Έργα", "Αρχείο 2011"))
}

func dmitriBoxes() []boxPlan {
	return append(plainBoxes(90, 50), box(30, 2007, 2015, "Архив", "2015", "Договоры"))
}

func noaBoxes() []boxPlan {
	return append(plainBoxes(60, 30), box(20, 2016, 2021, "עבודה"))
}

func klausBoxes() []boxPlan {
	boxes := plainBoxes(120, 30)
	boxes[0] = box(120, 1999, 2024).as(roleIn).fromCourier()
	return boxes
}
