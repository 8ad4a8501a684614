import Maintenance

package enum GuideError: MaintenanceError {
    case tooLarge(String, bytes: Int, most: Int)
    case notText(String)
    case notUnderstood(String)

    package var code: String {
        switch self {
        case .tooLarge: "guide.too-large"
        case .notText: "guide.not-text"
        case .notUnderstood: "guide.not-understood"
        }
    }

    package var problem: String {
        switch self {
        case .tooLarge(let file, let bytes, let most):
            "the guide '\(file.printable)' has \(bytes.grouped) bytes, and at most \(most.grouped) are read"
        case .notText(let file): "the guide '\(file.printable)' is no text in UTF-8"
        case .notUnderstood(let file): "the guide '\(file.printable)' could not be read as Markdown"
        }
    }

    package var hint: String? {
        switch self {
        case .tooLarge: "Split it, and name the parts that say what is to be done."
        case .notText: "Name Markdown files."
        case .notUnderstood: nil
        }
    }

    package var exitStatus: ExitStatus { .configuration }
}
