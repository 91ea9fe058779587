-- What goes and what stays when the app is uninstalled and installed again.

-- Since when it is seen again, if it was hidden.
ALTER TABLE repository ADD COLUMN return_time BIGINT;

CREATE INDEX delivery_installation ON delivery (installation_id) WHERE payload IS NOT NULL;
