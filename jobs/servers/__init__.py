"""Trainings on servers that are reached by SSH: described once, started there, followed here."""
