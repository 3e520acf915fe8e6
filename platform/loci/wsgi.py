"""The application for WSGI servers; `make up` runs it under gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from loci.tenancy.checks import verify_start
from memories.embedding import warm_up
from memories.retrieval import languages

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loci.settings")

application = get_wsgi_application()

# After Django is set up: the check reads settings and the database.
verify_start()
warm_up()
languages.warm_up()
