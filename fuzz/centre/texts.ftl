hello = Hello. Press 1, 2 or 3.
entry = Your entry.
bad = That was nothing.
many = { $n ->
    [one] one call
   *[other] { $n } calls
} of { $d } at { $t }
wait = Wait.
place = You are { $n }, { $min } minutes.
promise = Called back between { $from } and { $to }.
bye = Goodbye.
a = a
auth =
    .num = Number
    .dob = Birth date
    .otp = Code sent to { $tail }, good for { $min } minutes
    .card = Card
    .ok = Known
    .bad = Not known
    .lock = Locked for { $delay } minutes
