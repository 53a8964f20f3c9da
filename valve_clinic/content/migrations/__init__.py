"""The migrations of the content database; `valve_clinic.schema_version` runs them."""
