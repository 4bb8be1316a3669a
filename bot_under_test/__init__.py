"""The bot that replays run: the reference bot, and the adapter by which any bot is plugged in."""
