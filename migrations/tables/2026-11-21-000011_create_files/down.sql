DROP TABLE fileresource;
