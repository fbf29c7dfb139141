DROP TABLE programstageworkinglist;
DROP TABLE eventfilter;
