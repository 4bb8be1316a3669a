-- What the team watches: failures per day (UTC) and kind, and the symbols that they concern.
SELECT
    to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day,
    event_type,
    count(*) AS count,
    string_agg(DISTINCT event_data ->> 'symbol', ',') AS symbols
FROM events
WHERE event_type IN ('position_error', 'signal_execution_failed')
GROUP BY day, event_type
ORDER BY day DESC, event_type;
