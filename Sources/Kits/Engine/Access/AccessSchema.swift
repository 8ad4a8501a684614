import Store

/// Who may use the server. Of links, sessions and tokens only digests are stored: whoever reads the store cannot sign in
/// with what stands there.
enum AccessSchema {
    static let migration = Migration(
        "engine.22",
        [
            """
            create table access_account (
                name text primary key, grants text not null, secret text, created_at bigint not null,
                closed_at bigint)
            """,
            """
            create table access_link (
                digest text primary key, account text not null, ends_at bigint not null, used_at bigint)
            """,
            """
            create table access_session (
                digest text primary key, account text not null, form_token text not null,
                signed_in_at bigint not null, seen_at bigint not null, ends_at bigint not null)
            """,
            "create index access_session_account on access_session (account)",
            """
            create table access_token (
                id text primary key, digest text not null unique, account text not null, purpose text not null,
                grants text not null, created_at bigint not null, ends_at bigint not null, revoked_at bigint,
                used_at bigint)
            """,
        ])

    /// What tokens may be used for, and answers that are given again to whoever asks the same again.
    static let requests = Migration(
        "engine.32",
        [
            "alter table access_token add column scopes text",
            """
            create table api_request (
                account text not null, token text not null, request_key text not null, digest text not null,
                asked_at bigint not null, process text not null, status bigint, answer text,
                primary key (account, token, request_key)) {clustered}
            """,
            "create index api_request_time on api_request (asked_at)",
        ])

    /// Whom a provider of OpenID Connect calls what: the issuer and its subject name a person, and nothing else does.
    static let identities = Migration(
        "engine.38",
        [
            """
            create table access_identity (
                issuer text not null, subject text not null, account text not null, linked_at bigint not null,
                primary key (issuer, subject)) {clustered}
            """,
            "create index access_identity_account on access_identity (account)",
        ])

    static let auditPages = Migration("engine.33", ["create index audit_environment on audit (environment, number)"])
}

/// What is said to the store about who may use the server.
enum AccessStatement: String, StatementSet {
    case accounts = "select * from access_account order by name"
    case account = "select * from access_account where name = :name"
    case writeAccount = """
        insert into access_account (name, grants, created_at) values (:name, :grants, :at)
        on conflict (name) do update set grants = excluded.grants, closed_at = null
        """
    case setSecret = "update access_account set secret = :secret where name = :name"
    /// Nothing of it comes back when it is opened again: not its password either.
    case closeAccount = """
        update access_account set closed_at = :at, secret = null where name = :name and closed_at is null
        """
    case setGrants = "update access_account set grants = :grants where name = :name"
    case identities = "select * from access_identity order by account, issuer, subject"
    case identity = "select * from access_identity where issuer = :issuer and subject = :subject"
    case identitiesOf = "select * from access_identity where account = :account"
    case insertIdentity = """
        insert into access_identity (issuer, subject, account, linked_at) values (:issuer, :subject, :account, :now)
        """
    case endIdentitiesOf = "delete from access_identity where account = :account"
    case insertLink = """
        insert into access_link (digest, account, ends_at) values (:digest, :account, :ends_at)
        """
    /// Of one account one link is open: the newest.
    case endLinks = "delete from access_link where account = :account and used_at is null"
    case openLink = "select * from access_link where digest = :digest and used_at is null and ends_at > :now"
    case useLink = """
        update access_link set used_at = :now where digest = :digest and used_at is null and ends_at > :now
        """
    case insertSession = """
        insert into access_session (digest, account, form_token, signed_in_at, seen_at, ends_at)
        values (:digest, :account, :form_token, :now, :now, :ends_at)
        """
    case session = """
        select s.form_token, s.signed_in_at, s.seen_at, s.ends_at, a.name, a.grants, a.secret, a.created_at,
            a.closed_at
        from access_session s join access_account a on a.name = s.account
        where s.digest = :digest and s.ends_at > :now and s.seen_at > :seen_after and a.closed_at is null
        """
    case touchSession = "update access_session set seen_at = :now where digest = :digest"
    case ownerOfSession = "select account from access_session where digest = :digest"
    case endSession = "delete from access_session where digest = :digest"
    case endSessionsOf = "delete from access_session where account = :account"
    case forgetSessions = "delete from access_session where ends_at <= :now or seen_at <= :seen_after"
    case insertToken = """
        insert into access_token (id, digest, account, purpose, grants, created_at, ends_at, scopes)
        values (:id, :digest, :account, :purpose, :grants, :now, :ends_at, :scopes)
        """
    case tokens = "select * from access_token order by created_at, id"
    case token = "select * from access_token where digest = :digest"
    case touchToken = "update access_token set used_at = :now where id = :id"
    case revokeTokensOf = """
        update access_token set revoked_at = :now where account = :account and revoked_at is null
        """
    case revokeToken = "update access_token set revoked_at = :now where id = :id and revoked_at is null"
}
