-- The website database as release 0.1.0 wrote it, before tables had a version. All texts are invented.
BEGIN TRANSACTION;
CREATE TABLE website_button (
	id VARCHAR(32) NOT NULL, 
	session_id VARCHAR(64) NOT NULL, 
	title TEXT NOT NULL, 
	payload TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(session_id) REFERENCES website_session (id) ON DELETE CASCADE
);
CREATE TABLE website_event (
	id INTEGER NOT NULL, 
	session_id VARCHAR(64) NOT NULL, 
	event VARCHAR(32) NOT NULL, 
	reply_id VARCHAR(32), 
	target TEXT, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(session_id) REFERENCES website_session (id) ON DELETE CASCADE
);
INSERT INTO "website_event" VALUES(1,'0123456789abcdef','closed',NULL,NULL,'2026-11-01 12:01:00');
CREATE TABLE website_feedback (
	reply_id VARCHAR(32) NOT NULL, 
	session_id VARCHAR(64) NOT NULL, 
	helpful BOOLEAN NOT NULL, 
	comment TEXT, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (reply_id), 
	FOREIGN KEY(session_id) REFERENCES website_session (id) ON DELETE CASCADE
);
CREATE TABLE website_session (
	id VARCHAR(64) NOT NULL, 
	started_at DATETIME NOT NULL, 
	last_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "website_session" VALUES('0123456789abcdef','2026-11-01 12:00:00','2026-11-01 12:00:05');
CREATE TABLE website_turn (
	id INTEGER NOT NULL, 
	session_id VARCHAR(64) NOT NULL, 
	client_id VARCHAR(36), 
	text TEXT, 
	replies JSON NOT NULL, 
	safety VARCHAR(8) NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (session_id, client_id), 
	FOREIGN KEY(session_id) REFERENCES website_session (id) ON DELETE CASCADE
);
INSERT INTO "website_turn" VALUES(1,'0123456789abcdef','7d8f1c1e-0000-4000-8000-000000000001','what is a leaky valve?','[]','none','2026-11-01 12:00:05');
CREATE INDEX ix_website_turn_session_id ON website_turn (session_id);
CREATE INDEX ix_website_button_session_id ON website_button (session_id);
CREATE INDEX ix_website_feedback_session_id ON website_feedback (session_id);
CREATE INDEX ix_website_event_session_id ON website_event (session_id);
COMMIT;
