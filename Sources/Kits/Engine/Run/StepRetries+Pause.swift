import Settings

extension StepRetries {
    /// How long to wait before an attempt, the first repetition being 1: doubled each time, at most an hour, and a quarter
    /// more or less, so that what failed together is not tried again together.
    func pause(before attempt: Int) -> Duration {
        let doubled = min(backoff * (1 << min(attempt - 1, 20)), .seconds(3_600))
        return doubled * Double.random(in: 0.75...1.25)
    }
}
