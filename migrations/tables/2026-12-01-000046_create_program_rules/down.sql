DROP TABLE programrulevariable;
DROP TABLE programruleaction;
DROP TABLE programrule;
DROP TABLE orgunitgroupmembers;
DROP TABLE orgunitgroup;
DROP TABLE constant;
