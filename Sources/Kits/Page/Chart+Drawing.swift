import Maintenance

extension Chart {
    /// The picture alone, a document of its own on white, for who takes no style from a page: a mail. Nil without samples.
    package var drawing: HTML? {
        guard lines.contains(where: { !$0.points.isEmpty }) else { return nil }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(ChartPicture.width) \(ChartPicture.height)" \
            width="\(ChartPicture.width)" height="\(ChartPicture.height)" color="#1d2433"><style>\
            text{font:10.5px "DejaVu Sans",Arial,sans-serif;fill:#5a6478}.line{fill:none;stroke-width:1.6}\
            .area{fill:#1f5fbf;fill-opacity:.09}.line.c0{stroke:#1f5fbf}.line.c1{stroke:#b4540a}\
            .line.c2{stroke:#2c7a4b}.line.c3{stroke:#8a3ea8}.dot.c0{fill:#1f5fbf}.dot.c1{fill:#b4540a}\
            .dot.c2{fill:#2c7a4b}.dot.c3{fill:#8a3ea8}</style><rect width="100%" height="100%" fill="#fff"/>\
            \(ChartPicture(lines: lines, unit: unit).html)</svg>
            """
    }
}
