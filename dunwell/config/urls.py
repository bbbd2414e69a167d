"""All addresses of this installation."""

from django.urls import include, path

urlpatterns = [path("", include("dunwell.desk.urls"))]
