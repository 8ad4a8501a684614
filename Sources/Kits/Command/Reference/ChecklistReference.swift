import Engine
import Maintenance
import Settings

/// The page of the shipped checklists: every item of the guides, and what answers it.
enum ChecklistReference {
    static func page(_ checklists: [Checklist]) -> String {
        let items = checklists.flatMap(\.items)
        let answered = items.count { !$0.answer.isPersonal }
        var page = MarkdownPage("Checklists")
        page.prose(
            "These are shipped: \(items.count) items of \(checklists.count) checklists, of which \(answered) are answered "
                + "by evidence and \(items.count - answered) by a person who signs: what somebody has to read, judge or "
                + "agree on, and what Mainstay does not do. A configuration may hand each of them to a task or to checks of "
                + "its own, and each of the others to people."
        )
        page.markdown("[Checklists](../checklists.md) says how they are used, and when an item is green.")
        for list in checklists {
            page.heading(list.name)
            page.prose("\(list.summary.sentence) An answer counts for \(list.cadence.countsFor.short).")
            page.table(
                ["item", "asks", "guide", "answered by"],
                list.items.map { item in
                    [
                        "`\(item.name)`", MarkdownPage.marked(item.text), "`\(item.source ?? "")`",
                        MarkdownPage.marked(item.answeredBy),
                    ]
                })
        }
        return page.text
    }
}
