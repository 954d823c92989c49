"""CloudWatch: metrics, alarms that evaluate, dashboards that are checked.

::

    statistics  pure: what a statistic says of values, and which statistics there are
    store       metrics of all regions; who puts and who asks
    published   the metrics that other services put themselves
    embedded    log lines in the embedded metric format become metrics
    expression  pure: metric math
    queries     GetMetricData and GetMetricStatistics
    evaluation  pure: the state of an alarm, from its data points
    rules       pure: the rule of a composite alarm
    checking    what PutMetricAlarm refuses
    alarm       one alarm: what it shows, when it changes, what it says then
    alarms      all alarms: evaluated by the clock
    dashboards  pure: whether a dashboard's body is right
    boards      the operations on dashboards
    service     the other operations
"""
