-- What each attempt asked with, as JSON; what is secret in it is masked by the sender.
ALTER TABLE posthorn_attempts ADD COLUMN request_headers TEXT;
