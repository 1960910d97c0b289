"""Moves an Azure Machine Learning workspace to customer-managed keys."""
