"""The clinic's answers: files checked by `schema`, loaded by `loader`, served by `store`."""
