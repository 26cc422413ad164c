"""Addresses of the shop."""

from __future__ import annotations

from django.urls import path

from attention_shop.storefront import language
from attention_shop.storefront.accounts import views as accounts
from attention_shop.storefront.basket import views as basket
from attention_shop.storefront.catalog import views as catalog
from attention_shop.storefront.feedback import views as feedback
from attention_shop.storefront.orders import views as orders

app_name = "attention_storefront"

urlpatterns = [
    path("", catalog.home, name="home"),
    path("language/", language.choose, name="language"),
    path("departments/", catalog.departments, name="departments"),
    path("c/<slug:slug>/", catalog.category, name="category"),
    path("search/", catalog.search, name="search"),
    path("product/<path:sku>/", catalog.product, name="product"),
    path("basket/", basket.show, name="basket"),
    path("basket/add/", basket.add, name="basket_add"),
    path("basket/change/", basket.change, name="basket_change"),
    path("checkout/", orders.checkout, name="checkout"),
    path("orders/", orders.history, name="orders"),
    path("orders/<uuid:order_id>/", orders.order, name="order"),
    path("orders/<uuid:order_id>/return/", orders.return_line, name="order_return"),
    path("favorites/", accounts.favorites, name="favorites"),
    path("favorites/keep/", accounts.keep, name="favorite_keep"),
    path("favorites/drop/", accounts.drop, name="favorite_drop"),
    path("account/", accounts.account, name="account"),
    path("account/login/", accounts.sign_in, name="login"),
    path("account/register/", accounts.register, name="register"),
    path("account/logout/", accounts.sign_out, name="logout"),
    path("account/profile/", accounts.profile, name="profile"),
    path("account/password/", accounts.password, name="password"),
    path("account/close/", accounts.close, name="account_close"),
    path("feedback/review/", feedback.review, name="review"),
    path("feedback/comment/", feedback.comment, name="comment"),
    path("feedback/complaint/", feedback.complaint, name="complaint"),
    path("feedback/wish/", feedback.wish, name="wish"),
]
