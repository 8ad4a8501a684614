import Engine
import Maintenance
import Page

/// A checklist as Markdown (CommonMark with tables), for a wiki or a chat.
struct ChecklistMarkdown {
    let export: ChecklistExport

    var text: String {
        var lines = ["# Checklist \(export.checklist.markdownText)", ""]
        if let first = export.standings.first, !first.summary.isEmpty {
            lines += ["It is \(first.summary.markdownText).", ""]
        }
        lines.append("As it stood at \(export.at), written for \(export.requester.name.markdownText).")
        for standing in export.standings { lines += section(standing) }
        lines += [
            "",
            "Made by \(export.madeBy)."
                + (export.audit.map { " The audit trail stood at `\($0)`." } ?? " The audit trail is empty."), "",
        ]
        return lines.joined(separator: "\n")
    }

    private func section(_ standing: ChecklistStanding) -> [String] {
        let rows = standing.items.map { item in
            let until = item.countsUntil.map(\.description) ?? "–"
            return "| \(item.state.mark) \(item.state.rawValue) | \(item.text.markdownText) | "
                + "\(item.answeredBy.markdownText) | \(why(item)) | \(until) |"
        }
        let remarks = standing.items.flatMap { item in
            item.remarks.map { remark in
                "- Remark on \(item.item.markdownText) by \(remark.by.name.markdownText) at \(remark.at): "
                    + (remark.note ?? "").markdownText
            }
        }
        return [
            "", "## In \(standing.environment.markdownText)", "", "**\(standing.sentence).**", "",
            "| state | item | answered by | why | until |", "| --- | --- | --- | --- | --- |",
        ] + rows + (remarks.isEmpty ? [] : [""] + remarks)
    }

    private func why(_ item: ItemStanding) -> String {
        let file = item.signOff?.attachment.map { " (with \($0.name.markdownText), SHA-256 \($0.sha256))" } ?? ""
        return item.reason.markdownText + file
    }
}
