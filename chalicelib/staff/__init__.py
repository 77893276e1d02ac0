"""Who works when, and how workers say so: their texts and calls, the rota, and what they are told of themselves."""
