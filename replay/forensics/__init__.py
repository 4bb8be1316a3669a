"""What a log tells beside what runs show: compared, explained, made into a scenario."""
