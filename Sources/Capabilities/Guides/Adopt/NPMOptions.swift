import Maintenance

/// The options of `npm run name --option=value`, which npm 10 does not hand to the script as arguments: they arrive as
/// variables `npm_config_option` (measured with npm 10.8.2; npm's manual, "config", "Environment Variables"). pnpm
/// and yarn hand them over as arguments.
///
/// npm's own settings arrive in the same way, so what npm itself calls so is never taken for somebody's option: a
/// `yes=true` in an .npmrc must not confirm a removal. Only `--dry-run` is, because it makes nothing worse. Of an
/// option that was given several times npm keeps the first.
enum NPMOptions {
    /// - Parameters:
    ///   - environment: of this process.
    ///   - flags: names of options of ours that take no value, without hyphens before them.
    /// - Returns: sorted, and empty where npm did not start us.
    static func arguments(_ environment: [String: String], flags: Set<String>) -> [String] {
        guard environment["npm_config_user_agent"]?.hasPrefix("npm/") ?? false else { return [] }
        var found: [String] = []
        for (name, value) in environment where name.hasPrefix("npm_config_") {
            let option = String(name.dropFirst(11)).replacing("_", with: "-")
            guard !option.isEmpty, !option.hasPrefix("-"), option == "dry-run" || !own.contains(option) else {
                continue
            }
            if value == "true" {
                found.append("--\(option)")
            } else if value.isEmpty {
                // '--no-prove' arrives as the option's name without a value.
                found.append(flags.contains("no-\(option)") ? "--no-\(option)" : "--\(option)=")
            } else if !(option == "dry-run" && value == "false") {
                found.append("--\(option)=\(value)")
            }
        }
        return found.sorted()
    }

    /// Every setting of npm 10, with what it sets by itself.
    private static let own = Set(
        """
        access all allow-same-version also audit audit-level auth-type before bin-links browser ca cache cache-max \
        cache-min cafile call cert cidr color commit-hooks cpu depth description dev diff diff-ignore-all-space \
        diff-name-only diff-no-prefix diff-dst-prefix diff-src-prefix diff-text diff-unified editor engine-strict \
        expect-result-count expect-results fetch-retries fetch-retry-factor fetch-retry-maxtimeout \
        fetch-retry-mintimeout fetch-timeout force foreground-scripts format-package-lock fund git git-tag-version \
        global globalconfig global-prefix global-style heading https-proxy http-proxy if-present ignore-scripts \
        include include-staged include-workspace-root init-author-email init-author-name init-author-url init-license \
        init-module init-version init.author.email init.author.name init.author.url init.license init.module \
        init.version install-links install-strategy json key legacy-bundling legacy-peer-deps libc link local-address \
        local-prefix location lockfile-version loglevel logs-dir logs-max long maxsockets message node-gyp \
        node-options noproxy npm-version offline omit omit-lockfile-registry-resolved only optional os otp package \
        package-lock package-lock-only pack-destination parseable prefer-dedupe prefer-offline prefer-online prefix \
        preid production progress provenance provenance-file proxy read-only rebuild-bundle registry \
        replace-registry-host save save-bundle save-dev save-exact save-optional save-peer save-prefix save-prod \
        sbom-format sbom-type scope script-shell searchexclude searchlimit searchopts searchstaleness shell shrinkwrap \
        sign-git-commit sign-git-tag strict-peer-deps strict-ssl tag tag-version-prefix timing umask unicode \
        update-notifier usage user-agent userconfig version versions viewer which workspace workspaces \
        workspaces-update yes
        """.split(separator: " ").map(String.init))
}
