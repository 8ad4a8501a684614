@main
enum Mainstay {
    static func main() {}
}
