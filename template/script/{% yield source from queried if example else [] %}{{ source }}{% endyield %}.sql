-- What the first step reads. The places '{}' are filled with the days of script/config.json.
select *
from measurements
where measured_on between date '{}' and date '{}'
