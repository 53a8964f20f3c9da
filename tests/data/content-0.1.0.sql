-- The content database as release 0.1.0 wrote it, before tables had a version. All texts are invented.
BEGIN TRANSACTION;
CREATE TABLE answer (
	id INTEGER NOT NULL, 
	topic_id VARCHAR(64) NOT NULL, 
	position INTEGER NOT NULL, 
	variant VARCHAR(128) NOT NULL, 
	variant_values JSON, 
	short TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(topic_id) REFERENCES topic (id) ON DELETE CASCADE
);
INSERT INTO "answer" VALUES(1,'ask_causes',0,'',NULL,'In short.');
CREATE TABLE paragraph (
	id INTEGER NOT NULL, 
	answer_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	sources JSON NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(answer_id) REFERENCES answer (id) ON DELETE CASCADE
);
INSERT INTO "paragraph" VALUES(1,1,0,'An invented text.','[]');
CREATE TABLE publication (
	id INTEGER NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	loaded_at DATETIME NOT NULL, 
	clinic JSON NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "publication" VALUES(1,'first','2026-11-01 12:00:00','{}');
CREATE TABLE source (
	fact_id VARCHAR(64) NOT NULL, 
	name TEXT NOT NULL, 
	url TEXT, 
	date TEXT NOT NULL, 
	from_clinic BOOLEAN NOT NULL, 
	PRIMARY KEY (fact_id)
);
CREATE TABLE topic (
	id VARCHAR(64) NOT NULL, 
	position INTEGER NOT NULL, 
	title TEXT NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	reviewed TEXT, 
	review_due VARCHAR(10) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	handoff VARCHAR(32), 
	link VARCHAR(32), 
	context JSON NOT NULL, 
	followups JSON NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "topic" VALUES('ask_causes',0,'Causes','published',NULL,'2027-05-23','answer',NULL,NULL,'{}','[]');
CREATE INDEX ix_answer_topic_id ON answer (topic_id);
CREATE INDEX ix_paragraph_answer_id ON paragraph (answer_id);
COMMIT;
