"""The pages of the desk."""

from django.urls import path

from dunwell.desk import views

urlpatterns = [
    path("", views.today, name="today"),
    path("debtor/<int:debtor_id>", views.debtor, name="debtor"),
    path("document/<str:sha256>", views.document, name="document"),
    path("language/<str:code>", views.language, name="language"),
    path("desk.css", views.style, name="style"),
]
