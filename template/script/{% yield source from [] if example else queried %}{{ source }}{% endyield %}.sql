-- What the first step reads; its tables are the CSV files in data/raw/ on the local AWS.
select *
from measurements
