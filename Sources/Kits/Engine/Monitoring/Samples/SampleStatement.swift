import Store

/// What is said to the store about the samples of checks that are asked all the time.
enum SampleStatement: String, StatementSet {
    case insertTick = """
        insert into sample_tick (number, hour, content)
        select coalesce(max(number), 0) + 1, :hour, :content from sample_tick
        """
    case hours = "select distinct hour from sample_tick order by hour"
    case ticks = "select content from sample_tick where hour >= :from_time and hour < :until_time order by number"
    case forgetTicks = "delete from sample_tick where hour = :hour"
    case block = """
        select content from sample_block where series_id = :series_id and tier = :tier and starts_at = :starts_at
        """
    case blocks = """
        select content from sample_block
        where series_id = :series_id and tier = :tier and starts_at >= :from_time and starts_at < :until_time
        order by starts_at
        """
    case putBlock = """
        insert into sample_block (series_id, tier, starts_at, content)
        values (:series_id, :tier, :starts_at, :content)
        on conflict (series_id, tier, starts_at) do update set content = excluded.content
        """
    case countBlocks = """
        select count(*) as n from sample_block
        where series_id = :series_id and tier = :tier and starts_at < :before
        """
    case forgetBlocks = """
        delete from sample_block where series_id = :series_id and tier = :tier and starts_at < :before
        """
}

/// The tables of samples.
///
/// What was just seen stands in ticks, one for all checks of a moment, so that a moment is one row; once its hour is over
/// it is sorted into blocks, one for each series, and what is left of it later into others.
enum SampleSchema {
    static let migration = Migration(
        "engine.16",
        [
            """
            create table sample_tick (number bigint primary key, hour bigint not null, content {blob} not null)
            {clustered}
            """,
            "create index sample_tick_hour on sample_tick (hour)",
            """
            create table sample_block (
                series_id bigint not null, tier bigint not null, starts_at bigint not null, content {blob} not null,
                primary key (series_id, tier, starts_at)) {clustered}
            """,
        ])
}
