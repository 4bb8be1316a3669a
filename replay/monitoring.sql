-- What the team watches: failures per day (UTC) and kind, and the symbols that they concern.
SELECT
    date(created_at) AS day,
    event_type,
    count(*) AS count,
    group_concat(DISTINCT json_extract(event_data, '$.symbol')) AS symbols
FROM events
WHERE event_type IN ('position_error', 'signal_execution_failed')
GROUP BY day, event_type
ORDER BY day DESC, event_type;
