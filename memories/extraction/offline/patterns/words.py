"""What the slots know one by one: plain words from `vocabulary.toml`, and alternatives of regular expressions."""

from memories.extraction.offline.vocabulary import words

ROLES = words("roles")
ROLE_ENDINGS = ("ologist", "ician", "ographer", "engineer", "manager", "developer", "designer", "scientist", "teacher")

DIETS = (
    "vegetarian", "vegan", "pescatarian", "pescetarian", "flexitarian", "gluten[ -]free", "dairy[ -]free",
    "sugar[ -]free", "keto", "paleo", "halal", "kosher", "low[ -]carb", "plant[ -]based", "lactose[ -]free",
)  # fmt: skip

CONDITIONS = (
    "(?:type (?:1|2|one|two) )?diabetes", "asthma", "celiac(?: disease)?", "coeliac(?: disease)?", "adhd", "add",
    "autism", "migraines?", "epilepsy", "arthritis", "high blood pressure", "hypertension", "high cholesterol",
    "insomnia", "anxiety", "depression", "eczema", "psoriasis", "ibs", "crohn's(?: disease)?", "lupus",
    "endometriosis", "pcos", "dyslexia", "anemia", "hay fever", "sleep apnea", "tinnitus",
    "chronic [a-z]+(?: [a-z]+)?", "cancer", "parkinson's", "scoliosis", "bipolar disorder", "ptsd", "ocd",
    "hypothyroidism", "osteoporosis", "gout", "acid reflux", "a (?:bad|weak) (?:back|knee|heart)", "vertigo",
    "multiple sclerosis", "fibromyalgia", "glaucoma", "a heart condition", "color blindness",
    "an? [a-z]+ intolerance",
)  # fmt: skip

LANGUAGES = words("languages")

PETS = (
    "dogs?", "cats?", "pupp(?:y|ies)", "kittens?", "rabbits?", "hamsters?", "parrots?", "goldfish", "guinea pigs?",
    "tortoises?", "turtles?", "snakes?", "horses?", "pon(?:y|ies)", "budgies?", "canar(?:y|ies)", "ferrets?",
    "retrievers?", "labradors?", "poodles?", "terriers?", "beagles?", "bulldogs?", "corgis?", "dachshunds?",
    "shepherds?", "husk(?:y|ies)", "spaniels?", "greyhounds?", "collies?", "chickens?", "geckos?", "labs?",
    "chihuahuas?", "pugs?", "mutts?", "siamese", "tabb(?:y|ies)",
)  # fmt: skip

NATIONALITIES = words("nationalities")

NOT_NAMES = words("not_names") | NATIONALITIES
