"""Django's settings. What an operator may set is an environment variable, read by `loci.env` (README, Settings)."""

import os
from typing import Any
from urllib.parse import urlsplit

import dj_database_url

from loci.env import env, env_bool, env_days, env_float, env_floats, env_int, env_one_of, home, mail_server
from loci.net.presets import default_budget_s

PROCESS = os.environ.get("LOCI_PROCESS", "command")
"""What this process is: web, worker, dispatcher or command (a person's manage.py)."""

# --- Addresses -------------------------------------------------------------------------------------------------------
HOST = env("LOCI_HOST", "127.0.0.1")
PORT = env_int("LOCI_PORT", 8000)
BASE_URL = env("LOCI_BASE_URL", f"http://localhost:{PORT}").rstrip("/")
TRUSTED_PROXIES = env_int("LOCI_TRUSTED_PROXIES", 0)
"""How many proxies of the operator's own stand in front (loci.http.addresses)."""
LOCI_HOME = home()

# --- Secrets ---------------------------------------------------------------------------------------------------------
SECRET_KEY = env("LOCI_SECRET_KEY")
KEY_PEPPER = env("LOCI_KEY_PEPPER")
KEY_PEPPER_OLD = env("LOCI_KEY_PEPPER_OLD")
"""The pepper before: keys stored under it still work, and move to the new one when they are used."""
MASTER_KEY = env("LOCI_MASTER_KEY")
"""Encrypts the secrets that must be read again (loci.crypto)."""
MASTER_KEY_OLD = env("LOCI_MASTER_KEY_OLD")
"""The master key before: still read, until `manage.py rotate_secrets` has run."""

# --- Django ----------------------------------------------------------------------------------------------------------
DEBUG = False
ALLOWED_HOSTS = ["*"]  # Tenancy comes from the key and no link is built from the Host header, so any name may reach us.
ROOT_URLCONF = "loci.urls"
WSGI_APPLICATION = "loci.wsgi.application"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "orgs.User"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024**2  # Of forms; the limit of JSON is loci.http.parser's.

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "orgs",  # Before allauth, whose templates it replaces.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "rest_framework",
    "corsheaders",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "loci",
    "workers",
    "memories",
    "billing",
    "webhooks",
]

MIDDLEWARE = [
    "loci.observability.middleware.RequestContextMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "loci.http.middleware.CollapseSlashesMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "loci.http.middleware.JsonErrorsMiddleware",
    "loci.http.pages.PagesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "loci.http.middleware.OwnAddressMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "orgs.accounts.middleware.SsoSessionMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- Postgres (design.md §2, Roles; reliability.md §2.16) ------------------------------------------------------------
STATEMENT_TIMEOUT_S = {"web": 5, "worker": 30, "dispatcher": 10}.get(PROCESS, 0)
POOL_SIZE = env_int("DATABASE_POOL_SIZE", 8)


def _database(url_name: str, role: str, *, pool: bool) -> dict[str, Any]:
    url = env(url_name, f"postgresql://{role}@127.0.0.1:5432/loci")
    timeouts = f"-c statement_timeout={STATEMENT_TIMEOUT_S}s"
    if STATEMENT_TIMEOUT_S:  # A person's command may wait and take as long as it needs.
        timeouts += " -c lock_timeout=2s -c idle_in_transaction_session_timeout=10s"
    config: dict[str, Any] = {
        **dj_database_url.parse(url, engine="loci.db"),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
    }
    config["OPTIONS"] = {**config.get("OPTIONS", {}), "options": timeouts, "connect_timeout": 3}
    if pool:
        config["OPTIONS"]["pool"] = {"min_size": 1, "max_size": POOL_SIZE, "timeout": 3}
    return config


DATABASES = {
    "default": _database("DATABASE_URL", "loci_app", pool=True),
    "owner": _database("DATABASE_OWNER_URL", "loci_owner", pool=False),
    "system": _database("DATABASE_SYSTEM_URL", "loci_system", pool=False),
}
DATABASE_ROUTERS = ["loci.db.router.OwnerMigrates"]
DATABASE_ROLES = {
    name: DATABASES[alias]["USER"] for name, alias in [("app", "default"), ("owner", "owner"), ("system", "system")]
}

TENANT_ORM_SCOPING = True
"""False only in tests that prove that row-level security holds alone (reliability.md C2)."""

# --- Redis and Celery (reliability.md §2.4) --------------------------------------------------------------------------
REDIS_URL = env("REDIS_URL", "redis://127.0.0.1:6379/0")

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "shared_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 10_000}},
}
"""`default` is of all processes, and outlives Redis: it counts logins, and holds one-time codes that were used.
`process` is of each process alone: for what may be seconds old and costs a query to know."""

# --- Work (design.md §3, §5) -----------------------------------------------------------------------------------------
LLM_PROVIDER = env("LLM_PROVIDER", "openai")
LLM_BUDGET_S = env_int("LLM_BUDGET_S", default_budget_s(LLM_PROVIDER))
"""The seconds that one job may spend on a model; soft limit, hard limit and lease follow from it (workers.limits)."""
ADD_WAIT_MS = env_int("ADD_WAIT_MS", 0)
"""How long an asynchronous add waits for its job before it answers "queued"; projects may set their own."""
WEB_THREADS = env_int("WEB_THREADS", 8)
WORKER_CONCURRENCY = env_int("WORKER_CONCURRENCY", 2)
WORKER_GRACE_S = env_int("WORKER_GRACE_S", 25)
"""How long a worker that is told to stop may go on with the jobs that it holds."""
RERING_AFTER_S = env_int("RERING_AFTER_S", 30)
"""A published job that nobody claimed is rung again after this many seconds."""

# --- Webhooks (reliability.md §2.6) ----------------------------------------------------------------------------------
WEBHOOK_SCHEDULE_S = env_floats("WEBHOOK_SCHEDULE_S", "0,5,300,1800,7200,18000,36000,50400,72000,86400")
"""The seconds before each attempt of a delivery: as many attempts as numbers. The first is made at once."""
WEBHOOK_THREADS = env_int("WEBHOOK_THREADS", 32)
"""How many deliveries a worker of webhooks posts at once."""

# --- The way out (reliability.md §2.7) -------------------------------------------------------------------------------
ALLOWED_PRIVATE_HOSTS = [host.strip().lower() for host in env("LOCI_ALLOWED_PRIVATE_HOSTS").split(",") if host.strip()]
"""Hosts (`host` or `host:port`) that users' URLs may name although they are private; http and any port are theirs."""
CA_BUNDLE = env("LOCI_CA_BUNDLE")
"""A PEM file of the authorities that users' URLs are checked against, instead of the public ones."""
DNS_FILE = env("LOCI_DNS_FILE")
"""A file of lines `name "text"`: the TXT records, where no DNS is to be asked."""

# --- Models ----------------------------------------------------------------------------------------------------------
LLM_BASE_URL = env("LLM_BASE_URL")
LLM_API_KEY = env("LLM_API_KEY") or (env("OPENAI_API_KEY") if LLM_PROVIDER == "openai" else "")
LLM_MODEL = env("LLM_MODEL")
LLM_MAX_TOKENS = env_int("LLM_MAX_TOKENS", 8192)
LLM_TOKENS_PER_DAY = env_int("LLM_TOKENS_PER_DAY", 0)
"""What an organization may spend on language models in a day, where its plan does not say; 0 is no limit."""
LLM_TEMPERATURE = env_float("LLM_TEMPERATURE", None)
VISION_MODEL = env("VISION_MODEL")
"""The model at the LLM's endpoint that describes images."""
VISION_DETAIL = env_one_of("VISION_DETAIL", ("auto", "low", "high"))
EMBEDDING_PROVIDER = env("EMBEDDING_PROVIDER", "local")
EMBEDDING_BUDGET_S = env_int("EMBEDDING_BUDGET_S", 30)
"""The seconds that one call of a remote embedder may take; an add makes three at most."""
EMBEDDING_BASE_URL = env("EMBEDDING_BASE_URL")
EMBEDDING_API_KEY = env("EMBEDDING_API_KEY")
EMBEDDING_MODEL = env("EMBEDDING_MODEL")
RERANK_PROVIDER = env_one_of("RERANK_PROVIDER", ("endpoint", "llm"))
"""Who reorders what a search found: a service at `RERANK_BASE_URL`, or the language model."""
RERANK_BASE_URL = env("RERANK_BASE_URL")
RERANK_API_KEY = env("RERANK_API_KEY")
RERANK_MODEL = env("RERANK_MODEL")
RERANK_BUDGET_S: float = env_float("RERANK_BUDGET_S", None) or (10 if RERANK_PROVIDER == "llm" else 2)
"""The seconds that a search waits for it before it answers in its own order."""

# --- Search (design.md §4) -------------------------------------------------------------------------------------------
EXACT_LIMIT = env_int("EXACT_LIMIT", 10_000)
"""Memories up to which a scope is read whole. Projects with more get indexes of their own (`manage.py maintain`)."""

# --- The API ---------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "orgs.authentication.ApiKeyAuthentication",
        "orgs.authentication.PersonAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["billing.throttling.PlanThrottle"],
    "DEFAULT_PARSER_CLASSES": ["loci.http.parser.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["loci.http.renderer.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "loci.http.schema.OperationSchema",
    "EXCEPTION_HANDLER": "loci.http.errors.exception_handler",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "loci.http.negotiation.OneForm",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Loci",
    "DESCRIPTION": (
        "An open memory platform for AI applications that speaks the Mem0 Platform API.\n\n"
        "Every request needs `Authorization: Token <API key>`; the key alone says which project is meant. Unknown"
        " parameters are ignored, `null` and the empty string count as absent, and names may be in camelCase. A final"
        " slash of the path may be missing. Every answer is JSON; of an error, `detail` says the reason."
    ),
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "POSTPROCESSING_HOOKS": [
        "memories.api.filters_schema.with_filters",
        "memories.api.links.with_links",
        "loci.http.schema.with_shared_parts",
        "loci.http.schema.for_readers",
    ],
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- Deletion (design.md §2) -----------------------------------------------------------------------------------------
RECOVERY_DAYS = env_int("LOCI_RECOVERY_DAYS", 7)
"""How long a deleted project or organization can be restored before its data are erased."""

# --- Retention (reliability.md §2.14): how long what is finished is kept; None is for ever ----------------------------
RETAIN_EVENTS = env_days("LOCI_RETAIN_EVENTS_DAYS", 7)
"""What an add was asked with and what its results quote; and its messages, if no memory came of them."""
RETAIN_MESSAGES = env_days("LOCI_RETAIN_MESSAGES_DAYS", 0)
"""The messages of which memories came: history shows them."""
RETAIN_JOBS = env_days("LOCI_RETAIN_JOBS_DAYS", 7)
RETAIN_FAILED = env_days("LOCI_RETAIN_FAILED_DAYS", 30)
"""Dead jobs: as long as one is there, what it failed to do can be tried again."""
RETAIN_REQUESTS = env_days("LOCI_RETAIN_REQUESTS_DAYS", 30)
"""The request log."""
RETAIN_EXPIRED = env_days("LOCI_RETAIN_EXPIRED_DAYS", 0)
"""Memories, after their expiration date."""

# --- Audit log (reliability.md §2.13) --------------------------------------------------------------------------------
AUDIT_DAYS = env_int("LOCI_AUDIT_DAYS", 400)
"""How long `manage.py prune_audit` leaves an entry in the log."""

# --- People (orgs.accounts) ------------------------------------------------------------------------------------------
SIGN_UP = env_bool("LOCI_SIGN_UP", True)
"""Whether anybody may make an account; where not, an invitation or `manage.py create_owner` does."""
INVITATION_DAYS = env_int("LOCI_INVITATION_DAYS", 7)
"""How long the link of an invitation works."""
AGENT_MODE = env_bool("LOCI_AGENT_MODE", False)
"""Whether a program may make itself an account without an email, which a person may claim later (contract.md §13.1)."""
_IS_HTTPS = BASE_URL.startswith("https://")
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # Of the first versions; a login replaces it.
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
PASSWORD_RESET_TIMEOUT = 3_600
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account_home"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "orgs.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "orgs.accounts.forms.LoginForm",
    "signup": "orgs.accounts.forms.SignupForm",
    "reset_password": "orgs.accounts.forms.ResetPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CHANGE_EMAIL = True  # One person, one email; a new one takes the old one's place when it is verified.
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(BASE_URL).scheme
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_ADAPTER = "orgs.accounts.mfa.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Loci"
MFA_TOTP_TOLERANCE = 1

SOCIALACCOUNT_ADAPTER = "orgs.sso.adapter.SsoAdapter"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {"provider_class": "orgs.sso.oidc.provider.OidcProvider"},
    "saml": {"provider_class": "orgs.sso.saml.provider.SamlProvider"},
}

SESSION_COOKIE_NAME = "__Host-session" if _IS_HTTPS else "session"
SESSION_COOKIE_SECURE = _IS_HTTPS
CSRF_COOKIE_NAME = "__Host-csrf" if _IS_HTTPS else "csrf"
CSRF_COOKIE_SECURE = _IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [urlsplit(BASE_URL)._replace(path="").geturl()]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_HSTS_SECONDS = 2 * 365 * 86_400 if _IS_HTTPS else 0

# --- Mail ------------------------------------------------------------------------------------------------------------
_MAIL = mail_server(env("EMAIL_URL", "console://"))
EMAIL_BACKEND = f"django.core.mail.backends.{_MAIL.backend}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = _MAIL.host, _MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.user, _MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL.starts_tls, _MAIL.is_tls
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env("LOCI_MAIL_FROM", "Loci <loci@localhost>")

# --- Browsers (contract.md §1) ---------------------------------------------------------------------------------------
CORS_ALLOWED_ORIGINS = [origin.strip() for origin in env("CORS_ORIGINS").split(",") if origin.strip()]
CORS_ALLOW_ALL_ORIGINS = not CORS_ALLOWED_ORIGINS  # The key is in a header: no browser adds it to a stranger's request.
CORS_URLS_REGEX = "^(?!/*(metrics|account))"
"""Not the metrics, which loopback reads without a token, and so could any page there; nor the pages of people."""
CORS_ALLOW_HEADERS = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "Mem0-User-ID",
    "X-Application",
    "X-Mem0-Client",
    "X-Mem0-Source",
    "X-Request-Id",
]
CORS_EXPOSE_HEADERS = [
    "Idempotent-Replayed",
    "Retry-After",
    "X-Context-Tokens",
    "X-Degraded",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-Id",
    "X-Rerank",
]

# --- Observability ---------------------------------------------------------------------------------------------------
SENTRY_DSN = env("SENTRY_DSN")
METRICS_TOKEN = env("METRICS_TOKEN")
"""Without it /metrics answers loopback only."""
LOG_LEVEL = env("LOG_LEVEL", "INFO")
LOG_JSON = env_bool("LOG_JSON", True)
LOGGING_CONFIG = None  # loci.observability.logging.configure, called by LociConfig.ready.
