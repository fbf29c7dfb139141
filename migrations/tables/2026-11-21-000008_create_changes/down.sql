DROP TABLE trackerjob;
DROP TABLE programtempownershipaudit;
DROP TABLE trackereventchangelog;
DROP TABLE singleeventchangelog;
