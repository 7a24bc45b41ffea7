"""MLLMReID: what Common Instruction, DirectReID and lambda do."""
