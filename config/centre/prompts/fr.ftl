### Textes français du serveur vocal. En français, 0 et 1 sont au singulier.

greet = Bienvenue sur le serveur vocal de { $fund }, consacré à la couverture maladie des travailleurs non salariés.
lang = Pour le français, tapez 2.
next = Pour réécouter, tapez 9. Pour revenir en arrière, tapez étoile. Pour terminer, tapez dièse.
bye = Merci de votre appel. Au revoir.

notice =
    .data = Vos données sont traitées selon la loi 09-08 ; vous disposez d'un droit d'accès, de rectification et d'opposition.
    .rec = Cet appel peut être enregistré pour améliorer le service. Pour refuser, tapez 8. Sinon, restez en ligne.
    .norec = Cet appel ne sera pas enregistré.

main = Pour votre dossier personnel, tapez 1. Pour les cotisations et le paiement, tapez 2. Pour votre compte sur le portail, tapez 3. Pour le point de service le plus proche ou le calendrier, tapez 4. Pour une réclamation, tapez 5. Pour un conseiller, tapez 0.
    .closed = Pour votre dossier personnel, tapez 1. Pour les cotisations et le paiement, tapez 2. Pour votre compte sur le portail, tapez 3. Pour le point de service le plus proche ou le calendrier, tapez 4. Pour une réclamation, tapez 5. Pour être rappelé, tapez 0.
file = Pour l'état de votre inscription, tapez 1. Pour le suivi d'un dossier maladie, tapez 2. Pour le conjoint et les enfants déclarés, tapez 3. Pour savoir si vos droits sont ouverts, tapez 4.

auth =
    .num = Saisissez votre numéro d'immatriculation à neuf chiffres, puis dièse.
    .nonum = Si vous n'avez pas de numéro, tapez étoile.
    .ref = Saisissez la référence de votre dossier, à huit chiffres, puis dièse.
    .dob = Saisissez votre date de naissance : deux chiffres pour le jour, deux pour le mois, quatre pour l'année.
    .otp = Un code à six chiffres a été envoyé au téléphone finissant par { $tail }. Saisissez-le. Il est valable { $min ->
        [one] { $min } minute
       *[other] { $min } minutes
    } et ne vous sera demandé dans aucun autre appel.
    .card = Nous ne pouvons pas envoyer de code à votre téléphone. Saisissez les quatre derniers chiffres de votre carte nationale.
    .ok = Merci, votre identité est vérifiée.
    .bad = Ces informations n'ont pas pu être confirmées. Veuillez réessayer.
    .lock = Pour protéger vos données, l'accès automatique est suspendu. Réessayez dans { $delay ->
        [one] { $delay } minute
       *[other] { $delay } minutes
    }, ou tapez 0 pour un conseiller.
    .denied = Nous n'avons pas pu vérifier votre identité. Pour un conseiller, tapez 0. Pour revenir en arrière, tapez étoile. Pour terminer, tapez dièse.

enrol =
    .reg = Vous êtes inscrit dans la catégorie { $category } depuis le { $date }. Votre numéro finit par { $last3 }.
    .reg_next = Pour savoir si vos droits sont ouverts, tapez 1.
    .pend = Votre dossier, transmis par { $body }, est en cours d'inscription. Aucune démarche n'est nécessaire ; un SMS suivra.
    .pend_next = Pour le calendrier du programme, tapez 1.
    .rev = Certaines données de votre dossier sont à corriger. Contactez votre organisme professionnel ou l'agence la plus proche, avec votre carte nationale.
    .rev_next = Pour l'agence la plus proche, tapez 1. Pour demander la correction à nos services, tapez 2.
    .other = Selon nos données, vous relevez déjà d'une autre couverture maladie. Pour contester, tapez 0.
    .none = Nous n'avons pas encore reçu de dossier à votre nom. Pour savoir comment vous inscrire, tapez 1.
    .how = Inscrivez-vous sur le portail, dans un point de proximité ou en agence, avec votre carte nationale et votre numéro de téléphone.
case_ref = Votre demande est enregistrée auprès de nos services sous le numéro { $ref }.

rights =
    .open = Vos droits à l'assurance maladie sont ouverts depuis le { $date }.
    .unpaid = Vos droits sont fermés : des cotisations restent dues. Ils s'ouvrent après paiement. Pour le montant, tapez 1.
    .soon = Vos droits débuteront le { $date }, sous réserve du paiement de la cotisation pour { $month }.
    .none = Les droits ne s'ouvrent qu'après l'inscription. Pour l'état de votre inscription, tapez 1.

amo =
    .none = Aucun dossier maladie n'est enregistré à votre nom au { $date }.
    .state = Votre dossier { $ref }, déposé le { $date } : { $state }.
    .missing = Votre dossier { $ref }, déposé le { $date } : incomplet : { $doc }.
    .count = { $n ->
        [one] Vous avez { $n } dossier maladie.
       *[other] Vous avez { $n } dossiers maladie.
    }
    .more = Pour le dossier suivant, tapez 1.
    .end = Il n'y a pas d'autre dossier.

fam =
    .sum = Conjoint déclaré : { $s }. Enfants déclarés : { $c }. Pour déclarer un autre membre, tapez 1.
    .how = La déclaration se fait sur le portail ou en agence, avec l'acte de mariage ou l'extrait d'état civil.
    .none = La famille ne peut être déclarée qu'après l'inscription. Pour savoir comment vous inscrire, tapez 1.

pay = Pour le montant dû, tapez 1. Pour savoir où payer, tapez 2. Pour les arriérés et l'échelonnement, tapez 3.
    .due = Montant dû pour { $period } : { $amount }. Dernier délai : { $date }.
    .due_next = Pour savoir où payer, tapez 1.
    .ok = Vous êtes à jour. Dernier paiement : { $amount } le { $date }.
    .where = Payez sur le portail ou dans un point de proximité. Ne donnez jamais votre numéro de carte bancaire par téléphone.
    .arrears = Vous avez { $amount } d'arriérés, pour { $months } mois. Un conseiller conviendra avec vous de l'échelonnement.
    .no_arrears = Vous n'avez aucun arriéré.
    .none = Aucune cotisation n'est due avant l'inscription.

portal = Pour créer un compte, tapez 1. Mot de passe oublié, tapez 2. Compte bloqué, tapez 3.
    .new = Nous vous envoyons un lien par SMS. Préparez votre numéro et votre carte nationale.
    .no_line = Votre numéro d'appel est masqué : nous ne pouvons pas envoyer le lien. Créez le compte depuis le site du portail.
    .reset = Un lien de réinitialisation a été envoyé au téléphone finissant par { $tail }.
    .no_account = Vous n'avez pas de compte sur le portail. Pour en créer un, tapez 1.
    .no_phone = Aucun téléphone ne figure à votre dossier. Faites-le ajouter en agence, avec votre carte nationale.
    .locked = Un conseiller débloquera votre compte après avoir vérifié votre identité.

info = Pour l'agence ou le point de proximité le plus proche, tapez 1. Pour le calendrier du programme, tapez 2.
loc =
    .kind = Pour l'agence la plus proche, tapez 1. Pour le point de proximité le plus proche, tapez 2.
    .offer = Pour l'agence ou le point de proximité le plus proche, tapez 1.
    .ask = Saisissez votre code postal à cinq chiffres, ou le code région à deux chiffres, puis dièse.
    .res = Le plus proche : { $name }, à { $city }, ouvert de { $open } à { $close }. Pour recevoir l'adresse par SMS, tapez 1.
    .sent = L'adresse a été envoyée par SMS à votre téléphone.
    .no_line = Votre numéro d'appel est masqué : nous ne pouvons pas envoyer l'adresse.
    .unknown = Nous ne connaissons pas ce code. Pour en saisir un autre, tapez 1.

cal = Travailleurs non salariés, tapez 1. RAMED, tapez 2. Allocations familiales, tapez 3. Retraite, tapez 4.
    .since = Travailleurs non salariés, tapez 1. AMO Tadamon, tapez 2. Allocations familiales, tapez 3. Retraite, tapez 4.
    .tns = La couverture des travailleurs non salariés doit être achevée fin mai 2022.
    .ramed = À partir de juillet 2022, la couverture s'étendra aux bénéficiaires du RAMED.
    .tadamon = Les anciens bénéficiaires du RAMED relèvent d'AMO Tadamon, sans cotisation à leur charge.
    .fam = La généralisation des allocations familiales est prévue en 2023.
    .pens = La généralisation de la retraite est prévue en 2024-2025.

cmp = Nouvelle réclamation, tapez 1. Suivi d'une réclamation, tapez 2.
    .ref = Réclamation enregistrée sous le numéro { $ref }. Accusé sous 15 jours, réponse sous 60 jours au plus.
    .next = Pour un conseiller, tapez 1. Pour être rappelé, tapez 2.
    .ask = Saisissez le numéro de la réclamation, à huit chiffres.
    .state = Votre réclamation { $ref }, enregistrée le { $date } : { $state }. Réponse au plus tard le { $by }.
    .unknown = Nous ne trouvons pas de réclamation sous ce numéro. Pour en saisir un autre, tapez 1.

q =
    .choose = Pour l'inscription et les droits, tapez 1. Pour les cotisations, tapez 2. Pour un dossier maladie, tapez 3. Pour la famille, tapez 4. Pour le portail, tapez 5.
    .topic = Nous vous mettons en relation avec un conseiller. Sujet : { $topic }.
    .enter = Tous nos conseillers sont en ligne. Merci de patienter.
    .pos = Votre rang dans l'attente : { $n }. Durée estimée : environ { $min ->
        [one] { $min } minute
       *[other] { $min } minutes
    }.
    .comfort = Merci de votre patience. Votre appel est toujours en attente.
    .cb = Pour garder votre rang et être rappelé, tapez 1.
    .cbok = Nous vous rappellerons sur ce numéro entre { $from } et { $to }.
    .cbday = Ce sera le { $date }.
    .high = Nous recevons beaucoup d'appels. Les heures les plus calmes : { $best }.
    .long = Nous vous prions d'excuser cette longue attente.
    .none = Aucun conseiller ne peut vous répondre en ce moment.
    .ask = Pour être rappelé, tapez 1. Pour revenir en arrière, tapez étoile. Pour terminer, tapez dièse.
    .lang = Aucun conseiller n'est libre dans cette langue. En arabe, tapez 1. Pour attendre, tapez 2.
    .no_line = Votre numéro d'appel est masqué : nous ne pouvons pas vous rappeler. Merci de nous rappeler plus tard.

h =
    .closed = Nos conseillers répondent du lundi au vendredi, de { $open } à { $close }. Le service automatique reste disponible.
    .ram = Pendant le ramadan, nous répondons du lundi au vendredi, de { $open } à { $close }.
    .hol = Nos bureaux sont fermés ce jour : { $holiday }. Reprise le { $date }.
    .reopen = Nos conseillers reprennent le { $date }.

err =
    .in1 = Nous n'avons reçu aucun choix.
    .in2 = Nous n'avons toujours reçu aucun choix.
    .bad = Ce choix n'est pas disponible.
    .help = Utilisez les touches de votre téléphone. Pour réécouter, tapez 9.
    .max = Nous vous mettons en relation avec un conseiller.
    .end = Nous n'avons pas pu comprendre votre demande. Merci de nous rappeler.
    .service = Cette information n'est pas disponible pour le moment.

srv =
    .q = De 1 à 5, êtes-vous satisfait de cet appel ? 5 : très satisfait.
    .fcr = Votre demande est-elle réglée ? Oui, tapez 1. Non, tapez 2.

## Mots qui remplissent les champs

category =
    .farm = agriculteurs
    .ae = auto-entrepreneurs
    .cpu = contribution professionnelle unique
    .art = artisans
    .taxi = chauffeurs de taxi
    .med = professions médicales et paramédicales
    .comc = commerçants tenant une comptabilité
    .artist = artistes
    .legal = professions juridiques
    .arch = architectes, guides, vétérinaires et topographes
    .artc = artisans tenant une comptabilité
    .other = autres professions
file_state =
    .received = reçu
    .processing = en cours d'étude
    .incomplete = incomplet
    .settled = réglé
    .rejected = rejeté
document =
    .prescription = l'ordonnance manque
    .invoice = la facture manque
    .identity = la copie de la carte nationale manque
    .bank_details = le relevé d'identité bancaire manque
body =
    .agriculture = les services de l'agriculture
    .tax = l'administration fiscale
    .crafts = les services de l'artisanat
    .transport = les services des transports
    .health = les services de la santé
    .culture = les services de la culture
    .justice = les services de la justice
    .professions = les organismes professionnels
complaint_state =
    .received = reçue
    .processing = en cours de traitement
    .answered = réponse envoyée
region =
    .r01 = Tanger-Tétouan-Al Hoceïma
    .r02 = l'Oriental
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
    .agency = agence
    .point = point de proximité
month =
    .m01 = janvier
    .m02 = février
    .m03 = mars
    .m04 = avril
    .m05 = mai
    .m06 = juin
    .m07 = juillet
    .m08 = août
    .m09 = septembre
    .m10 = octobre
    .m11 = novembre
    .m12 = décembre
case =
    .correction = correction de données
    .contest = contestation
    .complaint = réclamation
    .declaration = déclaration
    .payment = paiement
queue =
    .status = inscription et droits
    .family = famille
    .pay = cotisations et paiement
    .amo = dossiers maladie
    .portal = portail
    .complaint = réclamations
language =
    .ar = arabe
    .fr = français
    .zgh = amazighe
    .en = anglais
period =
    .ramadan = ramadan
holiday =
    .new_year = jour de l'An
    .manifesto = anniversaire du Manifeste de l'indépendance
    .labour = fête du Travail
    .eid_al_fitr = Aïd al-Fitr
    .eid_al_adha = Aïd al-Adha
    .throne = fête du Trône
    .muharram = premier jour de moharram
    .oued_eddahab = journée de Oued Ed-Dahab
    .revolution = révolution du Roi et du Peuple
    .youth = fête de la Jeunesse
    .mawlid = Aïd al-Mawlid
    .green_march = anniversaire de la Marche verte
    .independence = fête de l'Indépendance

# Text messages. The links lead nowhere: the domain is reserved for examples.
sms =
    .code = { $code } : votre code de vérification { $fund }. Ne le donnez à personne qui vous appelle.
    .portal_link = Pour créer votre compte sur le portail { $fund } : https://portal.example/new
    .portal_reset = Pour changer votre mot de passe sur le portail { $fund } : https://portal.example/reset
    .address = { $place }
