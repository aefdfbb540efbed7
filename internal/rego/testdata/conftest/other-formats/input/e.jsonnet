local n = 2;
{ replicas: n * 2, names: ["x-" + i for i in std.range(1, n)] }
