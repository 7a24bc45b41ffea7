"""DSMD, compared with the distillation of MLLMEmbed-ReID."""
