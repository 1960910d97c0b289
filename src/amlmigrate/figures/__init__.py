"""Key figures: how much lies under customers' keys, how soon what is found gets under one, and which alerts fired.

`history` joins dated scans by workspaceId, and workspaces with their successors by plans; `share` and `mttr`
count over it, `rotations` and `alerts` over what vaults and Azure Monitor tell, `residuals` over tombstones.
`record` keeps each run beside the scans, and `lostplans` counts what a plan told that was taken away; `stage`
puts all of it together; `prom` and `page` write it for others. Whatever cannot be told keeps its reason, and no
figure is better for it.
"""
