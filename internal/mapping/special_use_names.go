// SPDX-License-Identifier: Apache-2.0

package mapping

// wellKnownNames lists what mail clients call the mailboxes that RFC 6154 has attributes for,
// the likelier name first: English, then the languages of common clients. Names that mean
// something else just as often ("Archivos", "Arquivos": files) are left out.
func wellKnownNames() map[string][]string {
	return map[string][]string{
		`\Sent`: {
			"Sent", "Sent Items", "Sent Messages", "Sent Mail", "sent-mail",
			"Gesendet", "Gesendete Elemente", "Gesendete Objekte", "Gesendete Nachrichten", "Gesendete E-Mails",
			"Envoyés", "Éléments envoyés", "Messages envoyés", "Courrier envoyé", "Objets envoyés", "Elements envoyes",
			"Enviados", "Elementos enviados", "Mensajes enviados", "Correo enviado",
			"Itens enviados", "Mensagens enviadas", "Enviadas", "E-mails enviados",
			"Inviata", "Inviati", "Posta inviata", "Messaggi inviati", "Elementi inviati",
			"Verzonden", "Verzonden items", "Verzonden berichten",
			"Skickat", "Skickade", "Skickade objekt", "Skickade meddelanden",
			"Sendt", "Sendt post", "Sendte elementer", "Sendte meddelelser", "Sendte meldinger",
			"Lähetetyt", "Lähetetyt viestit",
			"Wysłane", "Elementy wysłane", "Wiadomości wysłane",
			"Odeslané", "Odeslaná pošta", "Odeslané položky",
			"Odoslané", "Odoslaná pošta", "Odoslané položky",
			"Elküldött", "Elküldött elemek", "Elküldött üzenetek",
			"Trimise", "Elemente trimise", "Mesaje trimise",
			"Enviats", "Изпратени",
			"Отправленные", "Отправленное", "Надіслані", "Відправлені",
			"Απεσταλμένα", "Σταλμένα",
			"Gönderilmiş Öğeler", "Gönderilenler", "Gönderilmiş Postalar",
			"送信済み", "送信済みアイテム", "送信済みトレイ", "送信済みメール",
			"已发送", "已发送邮件", "寄件備份", "已傳送郵件",
			"보낸 편지함", "보낸편지함", "보낸 메일함",
			"פריטים שנשלחו", "العناصر المرسلة", "Thư đã gửi", "Terkirim",
		},
		`\Drafts`: {
			"Drafts", "Draft",
			"Entwürfe", "Entwurf", "Brouillons", "Brouillon", "Borradores", "Rascunhos", "Bozze", "Concepten",
			"Utkast", "Kladder", "Udkast", "Luonnokset", "Szkice", "Kopie robocze", "Wersje robocze",
			"Koncepty", "Rozepsané", "Rozpísané", "Piszkozatok", "Vázlatok", "Ciorne", "Schițe",
			"Esborranys", "Чернови", "Черновики", "Чернетки", "Πρόχειρα", "Taslaklar",
			"下書き", "草稿", "草稿箱", "草稿夹", "임시 보관함", "임시보관함",
			"טיוטות", "المسودات", "مسودات", "Thư nháp", "Konsep",
		},
		`\Trash`: {
			"Trash", "Deleted Items", "Deleted Messages", "Deleted", "Bin", "Wastebasket",
			"Papierkorb", "Gelöschte Elemente", "Gelöschte Objekte", "Gelöschte Nachrichten", "Gelöscht",
			"Corbeille", "Éléments supprimés", "Messages supprimés", "Elements supprimes",
			"Papelera", "Papelera de reciclaje", "Elementos eliminados", "Eliminados",
			"Lixeira", "Itens excluídos", "Itens eliminados",
			"Cestino", "Posta eliminata", "Elementi eliminati",
			"Prullenbak", "Prullenmand", "Verwijderde items",
			"Papperskorg", "Papperskorgen", "Borttagna objekt", "Borttaget",
			"Papirkurv", "Slettet post", "Slettede elementer",
			"Roskakori", "Poistetut", "Kosz", "Elementy usunięte",
			"Koš", "Odstraněná pošta", "Odstraněné položky",
			"Kôš", "Odstránená pošta", "Odstránené položky",
			"Kuka", "Lomtár", "Törölt elemek", "Coș de gunoi", "Gunoi", "Elemente șterse",
			"Paperera", "Кошче", "Изтрити", "Корзина", "Удаленные", "Удалённые", "Кошик", "Видалені",
			"Κάδος", "Κάδος απορριμμάτων", "Διαγραμμένα",
			"Çöp Kutusu", "Çöp", "Silinmiş Öğeler",
			"ゴミ箱", "ごみ箱", "削除済みアイテム", "废纸篓", "已删除", "已删除邮件", "垃圾桶", "刪除的郵件",
			"휴지통", "지운 편지함", "אשפה", "פריטים שנמחקו", "العناصر المحذوفة", "المهملات", "Thùng rác", "Sampah",
		},
		`\Junk`: {
			"Junk", "Spam", "Junk E-mail", "Junk Email", "Junk Mail", "Bulk Mail",
			"Junk-E-Mail", "Unerwünscht", "Unerwünschte Werbung", "Werbung", "Spamverdacht",
			"Courrier indésirable", "Indésirables", "Pourriel", "Courrier indesirable",
			"Correo no deseado", "No deseado", "Correo basura",
			"Lixo Eletrônico", "Lixo Eletrónico", "Lixo Electrónico",
			"Posta indesiderata", "Indesiderata",
			"Ongewenst", "Ongewenste e-mail", "Ongewenste reclame",
			"Skräppost", "Uønsket e-mail", "Uønsket post", "Søppelpost", "Roskaposti",
			"Wiadomości-śmieci", "Niechciane", "Nevyžádaná pošta", "Nevyžiadaná pošta", "Levélszemét",
			"Mesaje nedorite", "Correu brossa", "Спам", "Нежелательная почта", "Небажана пошта",
			"Ανεπιθύμητα", "Ανεπιθύμητη αλληλογραφία", "Önemsiz", "Önemsiz E-posta", "İstenmeyen",
			"迷惑メール", "垃圾邮件", "垃圾郵件", "스팸", "스팸 메일함", "정크 메일", "דואר זבל", "Thư rác",
		},
		`\Archive`: {
			"Archive", "Archives",
			"Archiv", "Archivo", "Arquivo", "Archivio", "Archief", "Arkiv", "Arkisto", "Archiwum",
			"Archív", "Archívum", "Arhivă", "Arxiu", "Архив", "Архів", "Αρχείο", "Arşiv",
			"アーカイブ", "归档", "存档", "封存", "보관함", "ארכיון", "أرشيف", "الأرشيف",
		},
	}
}

// specialUses returns the uses that are mapped, in the order in which they choose.
func specialUses() []string {
	return []string{`\Sent`, `\Drafts`, `\Trash`, `\Junk`, `\Archive`}
}
