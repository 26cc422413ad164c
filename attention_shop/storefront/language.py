"""Choose the language of a page: its address, the person's own choice, or the browser's wish."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from consent.forms import safe_next, see_other
from consent.origin import require_same_origin

PARAMETER = "lang"


class LanguageMiddleware(LocaleMiddleware):
    """Do as Django does, but let ``?lang=`` decide for one page, without any cookie."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        wanted = request.GET.get(PARAMETER)
        if wanted in dict(settings.LANGUAGES):
            translation.activate(wanted)
            request.LANGUAGE_CODE = wanted

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        answer = super().process_response(request, response)
        if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
            patch_vary_headers(answer, ["Cookie"])
        return answer


@csrf_exempt
@require_same_origin
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep a chosen language until the browser closes: the language alone, no identifier."""
    language = request.POST.get("language")
    if language not in dict(settings.LANGUAGES):
        return HttpResponseBadRequest()
    response = see_other(safe_next(request, request.POST.get("next"), "/"))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response
