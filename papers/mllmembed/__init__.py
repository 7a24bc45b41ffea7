"""The tables and figures of MLLMEmbed-ReID, made anew and set beside the published ones."""
