DROP TABLE relationshipitem;
DROP TABLE relationship;
DROP TABLE trackerevent_notes;
DROP TABLE trackerevent;
DROP TABLE singleevent_notes;
DROP TABLE singleevent;
