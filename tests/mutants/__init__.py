"""`make mutants`: small changes of `chalicelib`, drawn at random from all that can be made: some test notices each."""
