"""Signing in, the account, favorites."""

from __future__ import annotations

from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from attention_shop.storefront.accounts import services
from attention_shop.storefront.accounts.forms import ProfileForm, RegisterForm, SignInForm
from attention_shop.storefront.accounts.selectors import address_of, favorites_of
from attention_shop.storefront.behavior import note
from attention_shop.storefront.catalog.requested import posted_product
from attention_shop.storefront.doors import open_form, public_form
from attention_shop.storefront.notices import next_url, redirect_with
from attention_shop.storefront.orders.selectors import order_history
from recommender.events.kinds import Kind

HOME = "attention_storefront:home"
ACCOUNT = "attention_storefront:account"

sign_in = LoginView.as_view(
    template_name="attention_storefront/login.html",
    authentication_form=SignInForm,
    redirect_authenticated_user=True,
    next_page=reverse_lazy(ACCOUNT),
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Make an account and sign in to it."""
    if request.user.is_authenticated:
        return redirect(ACCOUNT)
    form = RegisterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return redirect_with(next_url(request, reverse(ACCOUNT)), "welcome")
    context = {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")}
    status = 422 if request.method == "POST" else 200
    return render(request, "attention_storefront/register.html", context, status=status)


@public_form
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out; the session ends with everything in it."""
    logout(request)
    return redirect_with(reverse(HOME), "signed-out")


@never_cache
@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """What the shop has of this account, in one place."""
    context = {
        "orders": order_history(request)[:3],
        "favorites": favorites_of(request)[:4],
        "address": address_of(request),
    }
    return render(request, "attention_storefront/account.html", context)


@never_cache
@open_form
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Change the name."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect_with(reverse(ACCOUNT), "profile-saved")
    return render(request, "attention_storefront/profile.html", {"form": form})


@public_form
@login_required
def close(request: HttpRequest) -> HttpResponse:
    """Close the account: everything of the person goes with it."""
    services.close_account(request=request)
    return redirect_with(reverse(HOME), "account-closed")


@never_cache
@open_form
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; other sessions of the account end."""
    form = PasswordChangeForm(request.user, request.POST or None)  # type: ignore[arg-type]
    if request.method == "POST" and form.is_valid():
        update_session_auth_hash(request, form.save())
        return redirect_with(reverse(ACCOUNT), "password-saved")
    return render(request, "attention_storefront/password.html", {"form": form})


@never_cache
@require_safe
def favorites(request: HttpRequest) -> HttpResponse:
    """Show what this person keeps."""
    context = {"products": favorites_of(request)}
    return render(request, "attention_storefront/favorites.html", context)


@public_form
def keep(request: HttpRequest) -> HttpResponse:
    """Keep a product among the favorites."""
    product = posted_product(request)
    here = next_url(request, product.get_absolute_url())
    is_new = services.keep_favorite(request=request, product=product)
    if is_new is None:
        return redirect_with(here, "favorites-full")
    if is_new:
        note(request=request, kind=Kind.FAVORITE, product=product)
    return redirect_with(here, "favorite-kept")


@public_form
def drop(request: HttpRequest) -> HttpResponse:
    """Forget a favorite."""
    product = posted_product(request)
    if services.drop_favorite(request=request, product=product):
        note(request=request, kind=Kind.UNFAVORITE, product=product)
    return redirect_with(next_url(request, product.get_absolute_url()), "favorite-dropped")
