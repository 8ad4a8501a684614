import Maintenance

extension String {
    /// In double quotes, as YAML and JSON read it back.
    var yamlQuoted: String {
        var result = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7f || scalar.properties.generalCategory == .control
                    || scalar.properties.generalCategory == .lineSeparator
                    || scalar.properties.generalCategory == .paragraphSeparator
                    || scalar.properties.generalCategory == .format
                {
                    result +=
                        scalar.value <= 0xffff
                        ? "\\u" + Self.hexadecimal(scalar.value, 4) : "\\U" + Self.hexadecimal(scalar.value, 8)
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }

    private static func hexadecimal(_ value: UInt32, _ width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }

    /// Behind `#`, on one line and not longer than people read.
    var guideRemark: String {
        let text = printable
        return text.count > 90 ? "\(text.prefix(89))…" : text
    }
}
