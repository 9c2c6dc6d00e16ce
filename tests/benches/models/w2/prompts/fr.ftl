stage = Press one, or two where it is offered.
