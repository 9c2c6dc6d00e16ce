### English texts of the voice service.

greet = Welcome to the voice service of { $fund }, about health cover for non-salaried workers.
lang = For English, press 4.
next = To hear this again, press 9. To go back, press star. To end the call, press hash.
bye = Thank you for calling. Goodbye.

notice =
    .data = Your data are handled under law 09-08; you may access, correct or object to their use.
    .rec = This call may be recorded to improve the service. To refuse, press 8. Otherwise, stay on the line.
    .norec = This call will not be recorded.

main = For your own file, press 1. For contributions and payment, press 2. For your portal account, press 3. For the nearest service point or the calendar, press 4. For a complaint, press 5. For an adviser, press 0.
    .closed = For your own file, press 1. For contributions and payment, press 2. For your portal account, press 3. For the nearest service point or the calendar, press 4. For a complaint, press 5. To be called back, press 0.
file = For your registration status, press 1. To follow a health file, press 2. For your declared spouse and children, press 3. To know whether your rights are open, press 4.

auth =
    .num = Enter your nine-digit registration number, then hash.
    .nonum = If you have no number, press star.
    .ref = Enter the eight-digit reference of your file, then hash.
    .dob = Enter your birth date: two digits for the day, two for the month, four for the year.
    .otp = A six-digit code was sent to the phone ending in { $tail }. Enter it now. It is valid for { $min ->
        [one] { $min } minute
       *[other] { $min } minutes
    } and no other caller will ever ask for it.
    .card = We cannot send a code to your phone. Enter the last four digits of your national card.
    .ok = Thank you, your identity is confirmed.
    .bad = These details could not be confirmed. Please try again.
    .lock = To protect your data, automatic access is suspended. Try again in { $delay ->
        [one] { $delay } minute
       *[other] { $delay } minutes
    }, or press 0 for an adviser.
    .denied = We could not confirm your identity. For an adviser, press 0. To go back, press star. To end the call, press hash.

enrol =
    .reg = You are registered in the category { $category } since { $date }. Your number ends in { $last3 }.
    .reg_next = To know whether your rights are open, press 1.
    .pend = Your file, sent by { $body }, is being registered. You need do nothing; a text message will follow.
    .pend_next = For the calendar of the programme, press 1.
    .rev = Some data in your file need correcting. Contact your professional body or the nearest agency, with your national card.
    .rev_next = For the nearest agency, press 1. To ask us for the correction, press 2.
    .other = Our records show that another health scheme covers you. To contest this, press 0.
    .none = We have not yet received a file for you. To hear how to register, press 1.
    .how = Register on the portal, at a proximity point or an agency, with your national card and phone number.
case_ref = Your request is on file with us under number { $ref }.

rights =
    .open = Your health cover has been open since { $date }.
    .unpaid = Your rights are closed because contributions are unpaid. They open after payment. For the amount, press 1.
    .soon = Your rights start on { $date }, provided the contribution for { $month } is paid.
    .none = Rights open only after registration. For your registration status, press 1.

amo =
    .none = No health file is recorded in your name as of { $date }.
    .state = Your file { $ref }, lodged on { $date }: { $state }.
    .missing = Your file { $ref }, lodged on { $date }: missing { $doc }.
    .count = { $n ->
        [one] You have one health file.
       *[other] You have { $n } health files.
    }
    .more = For the next file, press 1.
    .end = There are no more files.

fam =
    .sum = Declared spouses: { $s }. Declared children: { $c }. To declare another family member, press 1.
    .how = Declare on the portal or at an agency, with the marriage or civil-status record.
    .none = Family members can be declared only after registration. To hear how to register, press 1.

pay = For the amount due, press 1. For where to pay, press 2. For arrears and instalments, press 3.
    .due = Amount due for { $period }: { $amount }. Last day to pay: { $date }.
    .due_next = For where to pay, press 1.
    .ok = You are up to date. Last payment: { $amount } on { $date }.
    .where = Pay on the portal or at a proximity point. Never give your bank card number over the phone.
    .arrears = You owe { $amount } in arrears, for { $months ->
        [one] one month
       *[other] { $months } months
    }. An adviser will agree on instalments with you.
    .no_arrears = You have no arrears.
    .none = No contribution is due before registration.

portal = To create an account, press 1. Forgotten password, press 2. Locked account, press 3.
    .new = We are sending you a link by text. Have your number and national card ready.
    .no_line = Your number is withheld, so we cannot send the link. Create the account on the portal's website.
    .reset = A reset link was sent to the phone ending in { $tail }.
    .no_account = You have no portal account. To create one, press 1.
    .no_phone = There is no phone in your file. Have it added at an agency, with your national card.
    .locked = An adviser will unlock your account after checking your identity.

info = For the nearest agency or proximity point, press 1. For the calendar of the programme, press 2.
loc =
    .kind = For the nearest agency, press 1. For the nearest proximity point, press 2.
    .offer = For the nearest agency or proximity point, press 1.
    .ask = Enter your five-digit postal code, or the two-digit region code, then hash.
    .res = The nearest is { $name }, in { $city }, open from { $open } to { $close }. To get the address by text, press 1.
    .sent = The address was sent to your phone by text.
    .no_line = Your number is withheld, so we cannot send the address.
    .unknown = We do not know this code. To enter another, press 1.

cal = Non-salaried workers, press 1. RAMED, press 2. Family allowances, press 3. Pensions, press 4.
    .since = Non-salaried workers, press 1. AMO Tadamon, press 2. Family allowances, press 3. Pensions, press 4.
    .tns = Cover for non-salaried workers is due to be completed by the end of May 2022.
    .ramed = From July 2022, cover will extend to RAMED beneficiaries.
    .tadamon = Former RAMED holders belong to AMO Tadamon, with no contribution to pay.
    .fam = Family allowances are planned for all in 2023.
    .pens = Pensions are planned for all in 2024–2025.

cmp = New complaint, press 1. Follow a complaint, press 2.
    .ref = Your complaint is number { $ref }. A receipt comes within 15 days, an answer within 60 days.
    .next = For an adviser, press 1. To be called back, press 2.
    .ask = Enter the eight-digit number of the complaint.
    .state = Your complaint { $ref }, lodged on { $date }: { $state }. An answer is due by { $by }.
    .unknown = We find no complaint with this number. To enter another, press 1.

q =
    .choose = For registration and rights, press 1. For contributions, press 2. For health files, press 3. For your family, press 4. For the portal, press 5.
    .topic = We are putting you through to an adviser about { $topic }.
    .enter = All our advisers are busy. Please hold.
    .pos = Your place in the queue: { $n }. Expected wait: about { $min ->
        [one] { $min } minute
       *[other] { $min } minutes
    }.
    .comfort = Thank you for your patience. Your call is still in the queue.
    .cb = To keep your place and be called back, press 1.
    .cbok = We will call this number between { $from } and { $to }.
    .cbday = That will be on { $date }.
    .high = We are receiving many calls. The quietest times are { $best }.
    .long = We are sorry for the long wait.
    .none = No adviser can take your call at the moment.
    .ask = To be called back, press 1. To go back, press star. To end the call, press hash.
    .lang = No adviser is free in this language. For Arabic, press 1. To wait, press 2.
    .no_line = Your number is withheld, so we cannot call you back. Please call again.

h =
    .closed = Advisers answer Monday to Friday, { $open } to { $close }. The automatic service stays available.
    .ram = During Ramadan we answer Monday to Friday, { $open } to { $close }.
    .hol = We are closed today for { $holiday }. We reopen on { $date }.
    .reopen = Our advisers are back on { $date }.

err =
    .in1 = We received no choice.
    .in2 = We have still received no choice.
    .bad = That choice is not available.
    .help = Use the keys of your phone. To hear this again, press 9.
    .max = We are passing you to an adviser.
    .end = We could not understand your request. Please call again.
    .service = This information is not available at the moment.

srv =
    .q = From 1 to 5, how satisfied are you with this call? 5 means very satisfied.
    .fcr = Was your request resolved? Yes, press 1. No, press 2.

## Words that fill slots

category =
    .farm = farmers
    .ae = auto-entrepreneurs
    .cpu = single professional contribution
    .art = artisans
    .taxi = taxi drivers
    .med = medical and paramedical professions
    .comc = traders with accounts
    .artist = artists
    .legal = legal professions
    .arch = architects, guides, vets and topographers
    .artc = artisans with accounts
    .other = other professions
file_state =
    .received = received
    .processing = being processed
    .incomplete = incomplete
    .settled = settled
    .rejected = rejected
document =
    .prescription = the prescription
    .invoice = the invoice
    .identity = a copy of the national card
    .bank_details = the bank details
body =
    .agriculture = the agricultural services
    .tax = the tax administration
    .crafts = the craft services
    .transport = the transport services
    .health = the health services
    .culture = the cultural services
    .justice = the justice services
    .professions = the professional bodies
complaint_state =
    .received = received
    .processing = being processed
    .answered = answered
region =
    .r01 = Tanger-Tétouan-Al Hoceïma
    .r02 = Oriental
    .r03 = Fès-Meknès
    .r04 = Rabat-Salé-Kénitra
    .r05 = Béni Mellal-Khénifra
    .r06 = Casablanca-Settat
    .r07 = Marrakech-Safi
    .r08 = Drâa-Tafilalet
    .r09 = Souss-Massa
    .r10 = Guelmim-Oued Noun
    .r11 = Laâyoune-Sakia El Hamra
    .r12 = Dakhla-Oued Ed-Dahab
place =
    .agency = agency
    .point = proximity point
month =
    .m01 = January
    .m02 = February
    .m03 = March
    .m04 = April
    .m05 = May
    .m06 = June
    .m07 = July
    .m08 = August
    .m09 = September
    .m10 = October
    .m11 = November
    .m12 = December
case =
    .correction = correction of data
    .contest = contest
    .complaint = complaint
    .declaration = declaration
    .payment = payment
queue =
    .status = registration and rights
    .family = your family
    .pay = contributions and payment
    .amo = health files
    .portal = the portal
    .complaint = complaints
language =
    .ar = Arabic
    .fr = French
    .zgh = Tamazight
    .en = English
period =
    .ramadan = Ramadan
holiday =
    .new_year = New Year's Day
    .manifesto = Independence Manifesto Day
    .labour = Labour Day
    .eid_al_fitr = Eid al-Fitr
    .eid_al_adha = Eid al-Adha
    .throne = Throne Day
    .muharram = the first of Muharram
    .oued_eddahab = Oued Ed-Dahab Day
    .revolution = the Revolution of the King and the People
    .youth = Youth Day
    .mawlid = the Prophet's Birthday
    .green_march = the anniversary of the Green March
    .independence = Independence Day

# Text messages. The links lead nowhere: the domain is reserved for examples.
sms =
    .code = { $code } is your { $fund } verification code. Give it to nobody who calls you.
    .portal_link = To create your account on the { $fund } portal: https://portal.example/new
    .portal_reset = To set a new password on the { $fund } portal: https://portal.example/reset
    .address = { $place }
