extension Act {
    /// Closes every session of this step at its database, the fenced one too: nobody can rename or drop a database that
    /// somebody is in.
    ///
    /// From here on the fence keeps nobody away, so that what follows has to be one statement or transaction that checks
    /// by itself whether the world is still the one that was looked at. Whoever asks for a session afterwards gets a new
    /// one, in whatever is called so then.
    package func leaveDatabase() async {
        await look.sessions.drop(look.resource)
        await fence.drop(look.resource)
    }
}
