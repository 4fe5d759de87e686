. /tmp/env.sh; rm -rf /tmp/lab/d5; PORT=8899 DATA_DIR=/tmp/lab/d5 LIMIT_UPDATES_PER_SECOND=1000 node $NF ../server/src/main.ts >/dev/null & S=$!; node stock-tmp.mts >/dev/null & T=$!; sleep 2; 
th(){ for t in /proc/$S/task/*; do echo $(cat $t/comm) $(awk '{print $14+$15}' $t/stat); done | sort -k2 -n -r | head -4 | tr '\n' ';'; echo; }
for i in ${R:-1 2 3}; do th; node load-tmp.mts 127.0.0.1:8899 $S;th; node load-tmp.mts 127.0.0.1:8877 $T stock; done | tr -d '\n' | sed 's/{/\n{/g;s/Main/\nMain/g'; kill $S $T; wait
